{# A custom schema is used as written: `staging`, not `main_staging`. Marts have none and go to the target's own. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
