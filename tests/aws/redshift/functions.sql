-- Functions that Redshift has and PostgreSQL has not: only those that the project or dbt's own macros call.
set allow_system_table_mods = on;

create function pg_catalog.len(text) returns int language sql immutable as $$ select length($1) $$;

create function pg_catalog.nvl(anycompatible, anycompatible) returns anycompatible language sql immutable as
$$ select coalesce($1, $2) $$;

create function pg_catalog.dateadd(text, bigint, timestamp) returns timestamp language sql immutable as
$$ select $3 + ($2 || ' ' || $1)::interval $$;

create function pg_catalog.convert_timezone(text, text, timestamp) returns timestamp language sql immutable as
$$ select $3 at time zone $1 at time zone $2 $$;

-- What Spectrum does with an array: text, if the session asks for it, else an error.
create function pg_catalog.spectrum_array(serialized text) returns text language plpgsql stable as $$
begin
    if current_setting('redshift.json_serialization_enable', true) is distinct from 'true' then
        raise exception 'Nested tables do not support this: json_serialization_enable is not set';
    end if;
    return serialized;
end $$;

-- PostgreSQL rounds decimals alone to a number of digits; Redshift doubles as well.
create function pg_catalog.round(double precision, integer) returns double precision language sql immutable as
$$ select round($1::numeric, $2)::double precision $$;
