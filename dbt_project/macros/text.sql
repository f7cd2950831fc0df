{# The two lengths of text in the marts. Redshift counts varchar(n) in bytes, and a character may take four of them.

   There, what does not fit is cut to as many characters as always fit; every other engine keeps texts whole. Ids need
   no cut: the event contract allows them 128 characters. #}

{# Names, topics, places, tags of languages: varchar(1024). #}
{% macro short_text(column) -%}
    {{ return(adapter.dispatch('fitting', 'socialsent')(column, 1024)) }}
{%- endmacro %}

{# What people wrote: varchar(65535), the most that Redshift has. #}
{% macro long_text(column) -%}
    {{ return(adapter.dispatch('fitting', 'socialsent')(column, 65535)) }}
{%- endmacro %}

{% macro default__fitting(column, bytes) -%} cast({{ column }} as varchar({{ bytes }})) {%- endmacro %}

{% macro redshift__fitting(column, bytes) -%}
    cast(case when octet_length({{ column }}) > {{ bytes }} then left({{ column }}, {{ bytes // 4 }}) else {{ column }} end as varchar({{ bytes }}))
{%- endmacro %}

{# A short text, or null, with its type: Redshift cannot always compare or unite a bare literal with a column. #}
{% macro typed(literal) -%}
    cast({{ 'null' if literal is none else "'" ~ literal ~ "'" }} as varchar(1024))
{%- endmacro %}
