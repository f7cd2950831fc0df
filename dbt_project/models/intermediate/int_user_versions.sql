{{ config(
    materialized='incremental',
    incremental_strategy='replace_window',
    tags=['reads_lake'],
    dist='user_id',
    sort='event_hour'
) }}

-- depends_on: {{ ref('int_lake_hours') }}
select * from {{ ref('stg_users') }}
