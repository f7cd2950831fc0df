{{ config(unique_key='user_id', meta={'changed': 'int_changed_profiles'}, dist='user_id', sort='user_id') }}

with versions as (
    select * from {{ ref('int_user_versions') }}
    where {{ changed('user_id', ref('int_changed_profiles')) }}
),

latest as ({{ latest_version('versions', 'user_id') }})

select
    user_id,
    user_name,
    display_name,
    age,
    location,
    joined_at,
    event_id,
    event_time,
    event_hour,
    first_event_time as first_seen_at,
    cast(version_count as bigint) as version_count,
    source
from latest
where {{ not_deleted('user', 'user_id') }}
