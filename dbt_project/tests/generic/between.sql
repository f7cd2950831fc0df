{# No value lies outside [low, high]; nulls pass. #}
{% test between(model, column_name, low, high) %}
{{ config(severity='error') }}
select {{ column_name }} from {{ model }} where {{ column_name }} < {{ low }} or {{ column_name }} > {{ high }}
{% endtest %}
