#include "app/version.h"

#include <stdio.h>

#include "version_build.h"

void version_print(void)
{
    const char *commit = VERSION_COMMIT, *date = VERSION_DATE;
    printf("sluice version %s", SLUICE_VERSION);
    if (commit[0] != '\0') {
        printf(" (commit %s%s%s)", commit, date[0] != '\0' ? ", " : "", date);
    }
    printf("\n");
}
