{{ config(materialized='view') }}

select distinct entity_id as interaction_id
from {{ ref('int_event_keys') }}
where event_kind = 'interaction' and {{ in_window('event_hour') }}
