{{ config(
    materialized='incremental',
    incremental_strategy='replace_window',
    tags=['reads_lake'],
    dist='all',
    sort='event_hour'
) }}

-- depends_on: {{ ref('int_lake_hours') }}
select * from {{ ref('stg_moderation_labels') }}
