/* Columns and cells of the built-in kinds; for sim/api/table.c. */
#pragma once

#include "sim/kinds/kinds.h"

struct table_column {
    const char *name, *type;
    int priority; /* 1: shown by -o wide only */
};

struct table_row {
    struct doc *doc;
    struct node *cells; /* array to fill */
    const struct node *object;
    int64_t now_ms;
};

/* Ends with a column without a name. */
const struct table_column *table_columns(const struct kind *kind);
void table_cells(const struct table_row *row, const struct kind *kind);
/* "5m" since a time; "<unknown>" without one. */
struct node *cell_age(const struct table_row *row, const struct node *time);
/* As kubectl shows an age: "5s", "3m20s", "2d"; mem_free. */
char *api_human_age(int64_t seconds);
