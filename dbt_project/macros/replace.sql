{# The two incremental strategies. Both delete, then insert, in one transaction; running them again changes nothing. #}

{# Replace the window's hours: for tables whose grain is the event hour. dbt's delete+insert removes only keys that
   come back, so an hour that became empty would stay. #}
{% macro get_incremental_replace_window_sql(arg_dict) -%}
    {%- set columns = get_quoted_csv(arg_dict["dest_columns"] | map(attribute="name")) -%}
    delete from {{ arg_dict["target_relation"] }} where {{ in_window('event_hour') }};
    insert into {{ arg_dict["target_relation"] }} ({{ columns }}) (select {{ columns }} from {{ arg_dict["temp_relation"] }})
{%- endmacro %}

{# Replace every row whose key was changed: for the marts. The keys come from the view that the model names,
   config(unique_key='post_id', meta={'changed': 'int_changed_posts'}), so a deleted post goes although no row of it
   comes back. #}
{% macro get_incremental_replace_changed_sql(arg_dict) -%}
    {%- set key = arg_dict["unique_key"] -%}
    {%- set columns = get_quoted_csv(arg_dict["dest_columns"] | map(attribute="name")) -%}
    delete from {{ arg_dict["target_relation"] }}
    where {{ key }} in (select {{ key }} from {{ ref(config.get('meta')['changed']) }});
    insert into {{ arg_dict["target_relation"] }} ({{ columns }}) (select {{ columns }} from {{ arg_dict["temp_relation"] }})
{%- endmacro %}

{# Condition of an incremental build that a row's key was changed; true for every row when the mart is built whole. #}
{% macro changed(key, changed_relation) -%}
    {%- if is_incremental() -%} {{ key }} in (select {{ key }} from {{ changed_relation }}) {%- else -%} 1 = 1 {%- endif -%}
{%- endmacro %}
