{# What Athena needs, and no other engine. Its marts are Iceberg tables in the Glue Data Catalog, because only those
   take DELETE; its names of schemas are databases of a catalog that others share. #}

{% macro athena__custom_schema(name) -%} {{ target.schema }}_{{ name }} {%- endmacro %}

{# Iceberg has timestamps with six digits and no others; without the six Athena means three. #}
{% macro athena__utc(expression) -%} cast({{ expression }} as timestamp(6)) {%- endmacro %}

{% macro athena__list_to_text(column) -%} array_join({{ column }}, ' ') {%- endmacro %}

{# A cast to varchar(n) cuts what is longer. #}
{% macro athena__fitting(column, bytes) -%} cast({{ column }} as varchar) {%- endmacro %}

{# dbt's own delete+insert calls the table by another name in the DELETE, which Athena's grammar has not (Athena SQL
   reference, "DELETE": DELETE FROM table [WHERE predicate]). #}
{% macro athena__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute="name")) -%}
    delete from {{ target }} where {{ unique_key }} in (select {{ unique_key }} from {{ source }});
    insert into {{ target }} ({{ columns }}) (select {{ columns }} from {{ source }})
{%- endmacro %}

{# Incremental models with our own strategies, which dbt-athena's materialization does not admit.

   Athena takes one statement at a time and each is its own commit, so the delete and the insert of a strategy are not
   one transaction here: a reader may see the rows between them missing, and a build that is killed there leaves them
   so. lake_hours, taken away before and written last, then still counts those hours as stale, and the next build of
   them is whole again. #}
{% materialization incremental, adapter='athena', supported_languages=['sql'] -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_relation(this) -%}
    {{ run_hooks(pre_hooks) }}

    {%- if existing is none or existing.is_view or should_full_refresh() -%}
        {%- if existing is not none -%} {%- do drop_relation(existing) -%} {%- endif -%}
        {%- call statement('main') -%} {{ create_table_as(False, target_relation, compiled_code) }} {%- endcall -%}
    {%- else -%}
        {%- set temporary = make_temp_relation(target_relation) -%}
        {%- if load_relation(temporary) is not none -%} {%- do drop_relation(temporary) -%} {%- endif -%}
        {%- do run_query(create_table_as(True, temporary, compiled_code)) -%}
        {%- set changed = process_schema_changes(config.get('on_schema_change'), temporary, existing) -%}
        {%- set strategy = 'get_incremental_' ~ config.get('incremental_strategy') | replace('+', '_') ~ '_sql' -%}
        {%- set statements = context[strategy]({
            'target_relation': target_relation,
            'temp_relation': temporary,
            'unique_key': config.get('unique_key'),
            'dest_columns': changed or adapter.get_columns_in_relation(existing),
            'incremental_predicates': none,
        }).split(';') | map('trim') | select | list -%}
        {%- for one in statements[:-1] -%} {%- do run_query(one) -%} {%- endfor -%}
        {%- call statement('main') -%} {{ statements[-1] }} {%- endcall -%}
        {%- do drop_relation(temporary) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
