{{ config(unique_key='user_id', meta={'changed': 'int_changed_users'}, dist='user_id', sort='user_id') }}
{%- set no_time, no_score = 'cast(null as timestamp)', 'cast(null as double precision)' %}

with posts as (select * from {{ ref('fct_posts') }}),
comments as (select * from {{ ref('fct_comments') }}),
interactions as (select * from {{ ref('fct_interactions') }}),
profiles as (select * from {{ ref('dim_users') }}),

-- A follow goes to a user; anything else to the author of a current post, or to a user when it names no post.
received as (
    select
        interactions.action,
        interactions.actor_id,
        case
            when interactions.action = 'follow' or interactions.post_id is null then interactions.target_user_id
            else posts.author_id
        end as user_id
    from interactions
    left join posts on interactions.post_id = posts.post_id
),

-- One row per thing that a user did or got; what people do to themselves is done, but not got.
activity as (
    select author_id as user_id, {{ typed('post') }} as what, event_time as acted_at, polarity from posts
    union all
    select author_id, {{ typed('comment') }}, event_time, polarity from comments
    union all
    select actor_id, action || '_given', event_time, {{ no_score }} from interactions
    union all
    select user_id, action || '_received', {{ no_time }}, {{ no_score }} from received where user_id <> actor_id
    union all
    select posts.author_id, {{ typed('reply_received') }}, {{ no_time }}, {{ no_score }}
    from comments
    inner join posts on comments.post_id = posts.post_id
    where comments.author_id <> posts.author_id
    union all
    select user_id, {{ typed('profile') }}, {{ no_time }}, {{ no_score }} from profiles
),

counted as (
    select
        user_id,
        {%- for column, what in [
            ('post_count', 'post'), ('comment_count', 'comment'),
            ('likes_given', 'like_given'), ('shares_given', 'share_given'), ('follows_given', 'follow_given'),
            ('likes_received', 'like_received'), ('shares_received', 'share_received'),
            ('comments_received', 'reply_received'), ('followers_gained', 'follow_received'),
        ] %}
        cast(sum(case when what = '{{ what }}' then 1 else 0 end) as bigint) as {{ column }},
        {%- endfor %}
        {{ exact_mean('polarity') }} as mean_polarity,
        min(acted_at) as first_active_at,
        max(acted_at) as last_active_at
    from activity
    where user_id is not null and {{ changed('user_id', ref('int_changed_users')) }}
    group by user_id
)

select
    counted.user_id,
    profiles.user_name,
    profiles.display_name,
    counted.post_count,
    counted.comment_count,
    counted.likes_given,
    counted.shares_given,
    counted.follows_given,
    counted.likes_received,
    counted.shares_received,
    counted.comments_received,
    counted.followers_gained,
    counted.likes_received + counted.shares_received + counted.comments_received as engagement_received,
    cast(counted.likes_received + counted.shares_received + counted.comments_received as double precision)
        / nullif(counted.post_count, 0) as engagement_per_post,
    counted.mean_polarity,
    counted.first_active_at,
    counted.last_active_at
from counted
left join profiles on counted.user_id = profiles.user_id
