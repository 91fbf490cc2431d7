/* Numbers as Go prints and reads them. */
#pragma once

#include <stdbool.h>

/* %v of a float64: the shortest decimal that reads back the same, in exponent form below 1e-4 and from
 * 1e6 on, as Go does ("999999", "1e+06", "1.234567e+06", "1e-05"), and "NaN", "+Inf", "-Inf". */
void number_write(double value, char out[static 32]);

/* strconv.ParseFloat(text, 64): decimal, hexadecimal with an exponent ("0x1p-2"), underscores between digits, "inf" and
 * "infinity" with or without a sign, "nan" without one, in any case. `*problem` is Go's word for what is wrong:
 * "invalid syntax" or "value out of range". */
bool number_read(const char *text, double *value, const char **problem);
