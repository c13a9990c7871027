"""The services of a district, and where they answer when all run on one machine."""

SERVICES = {
    "intake": 8101,
    "assessment": 8102,
    "careplan": 8103,
    "complaints": 8104,
    "directory": 8105,
    "registry": 8106,
}
DISTRICT = "leninsk-kuznetsky"
