{{ config(materialized='view') }}

select distinct entity_id as subject_id
from {{ ref('int_event_keys') }}
where event_kind = 'deletion' and {{ in_window('event_hour') }}
