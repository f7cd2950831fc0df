{{ config(materialized='view') }}

-- Of each labeler, subject and value the newest label decides, whatever the times of the subject's own events.
with labels as (select * from {{ ref('int_moderation_label_versions') }}),

latest as ({{ latest_version('labels', 'subject_id, subject_kind, labeler_id, label_value') }})

select subject_id, subject_kind, labeler_id, label_value, event_time, source from latest where not withdrawn
