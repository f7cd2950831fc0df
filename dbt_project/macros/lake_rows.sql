{# Rows of a lake table, at least those of the window's days: what staging reads. Filter by in_window() on top.

   The adapters differ in how a file is named, so this is the one dispatching reader: Redshift sees the table in a
   Spectrum schema, DuckDB is given the very files of the window's days. Naming files keeps a build from listing and
   opening the history, and a table without any file yet is an empty relation instead of an error. #}
{% macro lake_rows(tier, table) -%}
    {{ return(adapter.dispatch('lake_rows', 'socialsent')(tier, table)) }}
{%- endmacro %}

{% macro default__lake_rows(tier, table) -%}
    {%- set days = window_days() -%}
    (select * from {{ source(tier, table) }}
    {%- if days %} where cast(dt as varchar(10)) between '{{ days[0] }}' and '{{ days[-1] }}'{% endif %})
{%- endmacro %}

{% macro duckdb__lake_rows(tier, table) -%}
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
    cast({{ dbt.concat(["cast(dt as varchar(10))", "' '", "cast(hr as varchar(2))", "':00:00'"]) }} as timestamp)
{%- endmacro %}

{# A list of strings as one text, separated by spaces: the marts hold no arrays, Redshift has none. #}
{% macro list_to_text(column) -%}
    {{ return(adapter.dispatch('list_to_text', 'socialsent')(column)) }}
{%- endmacro %}

{% macro duckdb__list_to_text(column) -%} array_to_string({{ column }}, ' ') {%- endmacro %}

{# Spectrum hands an array over as JSON text (json_serialization_enable): ["a","b"] -> a b #}
{% macro default__list_to_text(column) -%}
    replace(replace(replace({{ column }}, '["', ''), '"]', ''), '","', ' ')
{%- endmacro %}
