{# The current version of a post, comment, user or interaction: the newest by event_time, then by
   event_id. A total order, so the answer does not depend on the order of arrival.

   From `versions` (a CTE with event_id, event_time and `key`), one row per key: the newest version, plus
   first_event_time and version_count over all its versions. Tombstones still count as versions here; a mart drops
   the keys whose newest version is one (`where not deleted`). #}
{% macro latest_version(versions, key) -%}
    select * from (
        select
            {{ versions }}.*,
            row_number() over (partition by {{ key }} order by event_time desc, event_id desc) as version_age,
            min(event_time) over (partition by {{ key }}) as first_event_time,
            count(*) over (partition by {{ key }}) as version_count
        from {{ versions }}
    ) as ranked
    where version_age = 1
{%- endmacro %}
