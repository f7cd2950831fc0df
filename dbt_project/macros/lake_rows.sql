{# Rows of a lake table, at least those of the window's days: what staging reads. Filter by in_window() on top.
   Its columns, except the lists of strings that are not asked for in `lists`.

   The adapters differ in how a file is named, so this is the one dispatching reader: Redshift sees the table in a
   Spectrum schema, DuckDB is given the very files of the window's days. Naming files keeps a build from listing and
   opening the history, and a table without any file yet is an empty relation instead of an error. #}
{% macro lake_rows(tier, table, lists=[]) -%}
    {{ return(adapter.dispatch('lake_rows', 'socialsent')(tier, table, lists)) }}
{%- endmacro %}

{# Names its columns, because Spectrum refuses `*` where a table has a list. Compares dt with plain text and without a
   cast, whether the catalog calls it a date or a string, so that only the partitions of these days are read. #}
{% macro default__lake_rows(tier, table, lists) -%}
    {%- set relation = source(tier, table) -%}
    {%- if not execute -%} {{ return(relation) }} {%- endif -%}
    {%- set columns = ['dt', 'hr'] -%}
    {%- for node in graph.sources.values() if node.source_name == tier and node.name == table -%}
        {%- for column in node.columns.values() if column.name in lists or not column.data_type.startswith('array') -%}
            {%- do columns.append(column.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set days = window_days() -%}
    (select {{ columns | join(', ') }} from {{ relation }}
    {%- if days %} where dt between '{{ days[0] }}' and '{{ days[-1] }}'{% endif %})
{%- endmacro %}

{% macro duckdb__lake_rows(tier, table, lists) -%}
    {%- set relation = source(tier, table) -%}
    {%- if not execute -%} {{ return(relation) }} {%- endif -%}
    {%- set root = env_var('SOCIALSENT_LAKE_' ~ tier | upper, '../.socialsent/lake/' ~ tier) -%}
    {%- set folder = (root ~ '/' ~ table) | replace("'", "''") -%}
    {%- set patterns = [] -%}
    {%- for day in window_days() or ['*'] -%}
        {%- do patterns.append("'" ~ folder ~ "/dt=" ~ day ~ "/hr=*/*.parquet'") -%}
    {%- endfor -%}
    {%- set files = files_matching(patterns) -%}
    {%- if files -%}
        read_parquet([{{ files | join(', ') }}], hive_partitioning = true, hive_types = {'dt': date, 'hr': varchar})
    {%- else -%}
        {{ no_rows(tier, table) }}
    {%- endif -%}
{%- endmacro %}

{# Quoted paths: the patterns themselves when they stand for all history, else what they match now. #}
{% macro files_matching(patterns) -%}
    {%- set selects = [] -%}
    {%- for pattern in patterns -%}
        {%- do selects.append("select file from glob(" ~ pattern ~ ")") -%}
    {%- endfor -%}
    {%- if window_days() is none -%}
        {%- set found = run_query(selects[0] ~ " limit 1") -%}
        {{ return(patterns if found | length else []) }}
    {%- endif -%}
    {%- set found = run_query("select file from (" ~ selects | join(" union all ") ~ ") as files order by file") -%}
    {%- set files = [] -%}
    {%- for path in found.columns[0].values() -%}
        {%- do files.append("'" ~ path | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {{ return(files) }}
{%- endmacro %}

{# An empty relation with the columns that models/lake.yml documents. #}
{% macro no_rows(tier, table) -%}
    {%- set types = {'string': 'varchar', 'timestamp': 'timestamp with time zone', 'array<string>': 'varchar[]'} -%}
    {%- for node in graph.sources.values() if node.source_name == tier and node.name == table -%}
    (select cast(null as date) as dt, cast(null as varchar) as hr
        {%- for column in node.columns.values() %}, cast(null as {{ types.get(column.data_type, column.data_type) }}) as {{ column.name }}{% endfor %}
    where 1 = 0)
    {%- endfor -%}
{%- endmacro %}

{# Start of the event hour that a lake row is filed under, from its partition columns. #}
{% macro partition_hour() -%}
    {{ utc(dbt.concat(["cast(dt as varchar(10))", "' '", "cast(hr as varchar(2))", "':00:00'"])) }}
{%- endmacro %}

{# A time as the marts keep it: UTC, without an offset, with microseconds. #}
{% macro utc(expression) -%}
    {{ return(adapter.dispatch('utc', 'socialsent')(expression)) }}
{%- endmacro %}

{% macro default__utc(expression) -%} cast({{ expression }} as timestamp) {%- endmacro %}

{# A list of strings as one text, separated by spaces: the marts hold no arrays, Redshift has none. #}
{% macro list_to_text(column) -%}
    {{ return(adapter.dispatch('list_to_text', 'socialsent')(column)) }}
{%- endmacro %}

{% macro duckdb__list_to_text(column) -%} array_to_string({{ column }}, ' ') {%- endmacro %}

{# Spectrum hands a list over as JSON text: ["a", "b"] -> a b. A quote inside a word is escaped there, so only one that
   ends a word can stand before a comma. chr(92) is the backslash: in a literal, engines disagree on what it is. #}
{% macro default__list_to_text(column) -%}
    {%- set backslash = "chr(92)" -%}
    {%- set words = "substring(" ~ column ~ ", 3, length(" ~ column ~ ") - 4)" -%}
    {%- set words = "replace(replace(" ~ words ~ ", '\", \"', ' '), '\",\"', ' ')" -%}
    {%- set words = "replace(replace(" ~ words ~ ", " ~ backslash ~ " || '\"', '\"'), " ~ backslash ~ " || " ~ backslash ~ ", " ~ backslash ~ ")" -%}
    case when {{ column }} = '[]' then '' else {{ words }} end
{%- endmacro %}

{# What a session has to ask for before it reads lists from the lake; nothing but on Redshift. #}
{% macro lake_session() -%}
    {{ return(adapter.dispatch('lake_session', 'socialsent')()) }}
{%- endmacro %}

{% macro default__lake_session() -%} {%- endmacro %}

{% macro redshift__lake_session() -%} set json_serialization_enable to true {%- endmacro %}
