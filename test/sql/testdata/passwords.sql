-- passwords are kept as verifiers, an empty one is none
CREATE ROLE pass_a LOGIN PASSWORD '';
SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'pass_a';
ALTER ROLE pass_a PASSWORD 'secret';
SELECT left(rolpassword, 19) FROM pg_authid WHERE rolname = 'pass_a';
ALTER ROLE pass_a PASSWORD '';
SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'pass_a';
-- a verifier is taken as it is, but for one of the empty password
ALTER ROLE pass_a PASSWORD 'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';
SELECT rolpassword FROM pg_authid WHERE rolname = 'pass_a';
ALTER ROLE pass_a PASSWORD NULL;
SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'pass_a';
-- a password's last moment
ALTER ROLE pass_a VALID UNTIL 'nonsense';
SET datestyle = 'German, DMY';
SET timezone = 'Asia/Tokyo';
ALTER ROLE pass_a VALID UNTIL '03.04.2031 05:06';
SELECT rolvaliduntil FROM pg_authid WHERE rolname = 'pass_a';
RESET datestyle;
RESET timezone;
SELECT rolvaliduntil FROM pg_authid WHERE rolname = 'pass_a';
ALTER ROLE pass_a VALID UNTIL 'infinity';
SELECT rolvaliduntil FROM pg_authid WHERE rolname = 'pass_a';
ALTER ROLE pass_a VALID UNTIL 'yesterday';
SELECT rolvaliduntil < now() FROM pg_authid WHERE rolname = 'pass_a';
DROP ROLE pass_a;
