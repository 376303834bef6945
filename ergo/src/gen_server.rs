//! `gen_server`: calls, casts and infos, typed.
