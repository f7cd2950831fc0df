{{ config(materialized='table', tags=['reads_lake'], dist='all', sort='event_hour') }}

-- Read before everything else and published after everything else (lake_hours): an hour that is rewritten while this
-- build runs then counts as the older version, and stays stale.
select * from {{ ref('stg_lake_hours') }}
