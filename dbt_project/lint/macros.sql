{# Stand-ins for the project's macros, for sqlfluff alone: the engine's dialect does not matter to a linter of models.
   dbt does not read this folder. A macro that a model calls and that is missing here fails `make check`. #}
{% macro utc(expression) %}cast({{ expression }} as timestamp){% endmacro %}
{% macro short_text(column) %}cast({{ column }} as varchar(1024)){% endmacro %}
{% macro long_text(column) %}cast({{ column }} as varchar(65535)){% endmacro %}
{% macro list_to_text(column) %}array_to_string({{ column }}, ' '){% endmacro %}
{% macro typed(literal) %}cast('{{ literal }}' as varchar){% endmacro %}
{% macro in_window(column) %}{{ column }} is not null{% endmacro %}
{% macro changed(key, relation) %}{{ key }} in (select {{ key }} from {{ relation }}){% endmacro %}
{% macro lake_rows(tier, table, lists=[]) %}(select * from {{ tier }}.{{ table }}){% endmacro %}
{% macro latest_version(versions, key) %}select * from {{ versions }}{% endmacro %}
{% macro not_deleted(kind, id, users=[]) %}{{ id }} is not null{% endmacro %}
{% macro mood_measures() %}count(*) as text_count{% endmacro %}
{% macro exact_mean(column) %}avg({{ column }}){% endmacro %}
{% macro everything_else_is_selected() %}true{% endmacro %}
