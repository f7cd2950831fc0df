{{ config(materialized='view') }}

select distinct entity_id as subject_id
from {{ ref('int_event_keys') }}
where event_kind in ('deletion', 'moderation_label') and {{ in_window('event_hour') }}
