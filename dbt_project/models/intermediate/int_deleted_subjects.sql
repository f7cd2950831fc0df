{{ config(materialized='view') }}

-- The newest deletion of a subject decides, whatever the times of the subject's own events: a deletion that comes
-- before its text, or bears an earlier time because clocks differ, holds all the same.
with deletions as (
    select deletions.*, coalesce(subject_kind, '') || ' ' || subject_id as subject
    from {{ ref('int_deletion_versions') }} as deletions
),

latest as ({{ latest_version('deletions', 'subject') }})

select subject_id, subject_kind from latest where not restored
union
-- While such a label stands, its subject counts as deleted; a deletion that restores it says nothing of the label.
select subject_id, subject_kind from {{ ref('int_labels_in_force') }} where label_value in ('!takedown', '!hide')
