{{ config(unique_key='user_id', meta={'changed': 'int_changed_profiles'}, dist='user_id', sort='user_id') }}

-- Worked out from all versions that the lake holds, so it does not depend on which builds there were.
with versions as (
    select * from {{ ref('int_user_versions') }}
    where {{ changed('user_id', ref('int_changed_profiles')) }}
),

-- Of two versions of one moment, the one that counts elsewhere too: an empty span would say nothing.
numbered as (
    select versions.*, row_number() over (partition by user_id, event_time order by event_id desc) as version_age
    from versions
),

spans as (
    select
        numbered.*,
        lead(event_time) over (partition by user_id order by event_time) as next_event_time
    from numbered
    where version_age = 1
)

select
    user_id,
    user_name,
    display_name,
    age,
    location,
    joined_at,
    event_id,
    event_hour,
    event_time as valid_from,
    next_event_time as valid_to,
    source
from spans
where {{ not_deleted('user', 'user_id') }}
