{# A custom schema is used as written: `staging`, not `main_staging`. Marts have none and go to the target's own. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%} {{ target.schema }}
    {%- else -%} {{ adapter.dispatch('custom_schema', 'socialsent')(custom_schema_name | trim) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__custom_schema(name) -%} {{ name }} {%- endmacro %}
