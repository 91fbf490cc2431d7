"""Where the embedded API server answers differently, and why that is right or does no harm: (case, number of the call)
-> (pattern of the field's path, reason)."""

EXCEPTIONS = {
    ('read', 18): (r'\.body\.(compiler|gitCommit|goVersion)$', 'says who built it'),
    ('body', 7): (r'\.warnings$',
                  'the object is refused; the real server warns of a field besides, because it looked for a schema of '
                  'the wrong version'),
    **{('may', number): (r'\.status\.reason$', 'the embedded server has no roles to name, only users who may')
       for number in (8, 11, 12, 16)},
    ('release', 16): (r'\.annotations$', 'the real server loses an annotation of its own on the way to a table'),
}
