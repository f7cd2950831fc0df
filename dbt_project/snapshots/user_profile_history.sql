{% snapshot user_profile_history %}
{{ config(unique_key='user_id', strategy='timestamp', updated_at='event_time', dist='user_id', sort='user_id',
    post_hook="delete from {{ this }} where user_id in (select subject_id from {{ ref('int_deleted_subjects') }} where subject_kind = 'user')") }}

-- Profiles that the window may have changed; the others stay in the snapshot unchanged.
select user_id, user_name, display_name, age, location, joined_at, event_time
from {{ ref('dim_users') }}
where user_id in (select user_id from {{ ref('int_touched_profiles') }})

{% endsnapshot %}
