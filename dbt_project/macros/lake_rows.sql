{# Rows of a lake table, at least those of the window: what staging reads. Filter by in_window() on top.
   Its columns, except the lists of strings that are not named in `lists`.

   Redshift and Athena see the Iceberg table itself, through the Glue Data Catalog. DuckDB is given the data files that
   the catalog planned for this build (SOCIALSENT_LAKE_FILES), in the snapshots that belong together; where that is
   `none`, the SQL is only read, and names the source. #}
{% macro lake_rows(tier, table, lists=[]) -%}
    {{ return(adapter.dispatch('lake_rows', 'socialsent')(tier, table, lists)) }}
{%- endmacro %}

{# Names its columns, because Spectrum rejects `*` where a table has a list. The condition on event_hour itself, without
   a cast, lets the engine skip the files of other hours. #}
{% macro default__lake_rows(tier, table, lists) -%}
    {%- set relation = source(tier, table) -%}
    {%- if not execute -%} {{ return(relation) }} {%- endif -%}
    {%- set columns = [] -%}
    {%- for node in graph.sources.values() if node.source_name == tier and node.name == table -%}
        {%- for column in node.columns.values() if column.name in lists or not column.data_type.startswith('array') -%}
            {%- do columns.append(column.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    (select {{ columns | join(', ') }} from {{ relation }} where {{ in_window('event_hour') }})
{%- endmacro %}

{% macro duckdb__lake_rows(tier, table, lists) -%}
    {%- set relation = source(tier, table) -%}
    {%- if not execute -%} {{ return(relation) }} {%- endif -%}
    {%- if env_var('SOCIALSENT_LAKE_FILES', '') == 'none' -%} {{ return(relation) }} {%- endif -%}
    {%- set files = planned_files(tier, table) -%}
    ({{ no_rows(tier, table) }}
    {%- if files %}
    union all by name
    select * from read_parquet([{{ files | join(', ') }}], union_by_name = true, hive_partitioning = false)
    {%- endif %})
{%- endmacro %}

{# Quoted paths of the table's data files that may hold rows of the window. #}
{% macro planned_files(tier, table) -%}
    {%- set listing = env_var('SOCIALSENT_LAKE_FILES', '../.socialsent/dbt/lake_files.json') | replace("'", "''") -%}
    {%- set window = build_window() -%}
    {%- set query -%}
        select path from read_json('{{ listing }}', format = 'array', columns = {
            'tier': 'varchar', 'name': 'varchar', 'path': 'varchar', 'first_hour': 'timestamp', 'last_hour': 'timestamp'
        })
        where tier = '{{ tier }}' and name = '{{ table }}'
        {%- if window.start is not none %}
            and last_hour >= timestamp '{{ window.start }}' and first_hour < timestamp '{{ window.end }}'
        {%- endif %}
        order by path
    {%- endset -%}
    {%- set files = [] -%}
    {%- for path in run_query(query).columns[0].values() -%}
        {%- do files.append("'" ~ path | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {{ return(files) }}
{%- endmacro %}

{# No row, with the columns that models/staging/_lake__sources.yml documents: a column that is younger than every file is null. #}
{% macro no_rows(tier, table) -%}
    {%- set types = {'string': 'varchar', 'timestamp': 'timestamp with time zone', 'array<string>': 'varchar[]'} -%}
    {%- for node in graph.sources.values() if node.source_name == tier and node.name == table -%}
    select
        {%- for column in node.columns.values() %} cast(null as {{ types.get(column.data_type, column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}{% endfor %}
    where 1 = 0
    {%- endfor -%}
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
   ends a word can come before a comma. chr(92) is the backslash: in a literal, engines disagree on what it is. #}
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
