-- records in = accepted + duplicates + quarantined, for every hour that this build signed.
select event_hour
from {{ ref('lake_hours') }}
where records <> accepted + duplicates + quarantined and {{ in_window('event_hour') }}
