with source as (
    select * from {{ lake_rows('analytics', 'sentiment') }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(event_id as varchar(1024)) as event_id,
        cast(text_kind as varchar(1024)) as text_kind,
        cast(detected_lang as varchar(1024)) as detected_lang,
        cast(polarity as double precision) as polarity,
        cast(pos as double precision) as pos,
        cast(neu as double precision) as neu,
        cast(neg as double precision) as neg,
        cast(sentiment as varchar(1024)) as sentiment,
        cast(unscored_reason as varchar(1024)) as unscored_reason,
        cast(predicted_sentiment as varchar(1024)) as predicted_sentiment,
        cast(predicted_probability as double precision) as predicted_probability,
        cast(predicted_negative_probability as double precision) as predicted_negative_probability,
        cast(predicted_neutral_probability as double precision) as predicted_neutral_probability,
        cast(predicted_positive_probability as double precision) as predicted_positive_probability,
        cast(predicted_polarity as double precision) as predicted_polarity,
        cast(scorer_version as varchar(1024)) as scorer_version,
        cast(model_version as varchar(1024)) as model_version
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
