{# lake_hours is the warehouse's receipt: which version of each hour the marts hold. Like every receipt it is taken
   away before anything is replaced and written last, so that a build which is killed leaves its hours stale.

   Runs at the start of `dbt run` and `dbt build` when a model that reads the lake is selected. When such a model has
   no table yet, or is rebuilt whole, the hours outside the window would be missing from it: then every receipt goes. #}
{% macro forget_receipts_of_window() -%}
    {%- if execute -%} {%- do build_window() -%} {%- endif -%} {#- a window that makes no sense stops everything -#}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set readers = selected_lake_readers() -%}
        {%- set receipts = adapter.get_relation(database=target.database, schema=target.schema, identifier='lake_hours') -%}
        {%- if readers and receipts is not none -%}
            delete from {{ receipts }} where {{ '1 = 1' if flags.FULL_REFRESH or any_missing(readers) else in_window('event_hour') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro selected_lake_readers() -%}
    {%- set readers = [] -%}
    {%- for id in selected_resources if 'reads_lake' in graph.nodes.get(id, {}).get('tags', []) -%}
        {%- do readers.append(graph.nodes[id]) -%}
    {%- endfor -%}
    {{ return(readers) }}
{%- endmacro %}

{% macro any_missing(nodes) -%}
    {%- for node in nodes if adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) is none -%}
        {{ return(true) }}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{# Whether this invocation builds everything upstream of lake_hours: only then may it mark hours as done. #}
{% macro everything_else_is_selected() -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model'
        and node.config.materialized != 'ephemeral'
        and node.unique_id != model.unique_id
        and node.unique_id not in selected_resources -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}
