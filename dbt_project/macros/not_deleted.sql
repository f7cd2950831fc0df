{# Condition that no deletion or takedown holds for a row: neither of its id, nor of the accounts of its users.

   `kind` is post, comment, interaction or user. A deletion without a kind means any of the first three. A deletion
   names no null, so `not in` is safe; a column that may be null is compared as ''. #}
{% macro not_deleted(kind, id, users=[]) -%}
    {%- set subjects = ref('int_deleted_subjects') -%}
    {{ id }} not in (
        select subject_id from {{ subjects }}
        where subject_kind = '{{ kind }}'{{ " or subject_kind is null" if kind != 'user' }}
    )
    {%- for user in users %}
    and coalesce({{ user }}, '') not in (select subject_id from {{ subjects }} where subject_kind = 'user')
    {%- endfor %}
{%- endmacro %}
