"""What every room stands on: settings, database, errors, clock, language, addresses, signing, logs. It knows no noun of the newsletter."""
