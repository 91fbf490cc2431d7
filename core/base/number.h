/* Numbers as Go prints them. */
#pragma once

/* %v of a float64: the shortest decimal that reads back the same, in exponent form below 1e-4 and from
 * 1e6 on, as Go does ("999999", "1e+06", "1.234567e+06", "1e-05"), and "NaN", "+Inf", "-Inf". */
void number_write(double value, char out[static 32]);
