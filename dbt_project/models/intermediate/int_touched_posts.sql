{{ config(materialized='view') }}

select distinct entity_id as post_id
from {{ ref('int_event_keys') }}
where event_kind = 'post' and {{ in_window('event_hour') }}
