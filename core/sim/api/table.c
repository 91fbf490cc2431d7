/* Tables: what kubectl prints, made by the server. The columns of built-in kinds are those of a real one, without its
 * prose about them. */
#include "sim/api/table.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/inner.h"
#include "sim/api/json_path.h"
#include "sim/api/object.h"
#include "sim/api/present.h"
#include "sim/api/table_cells.h"

/* --- columns --- */

static void add_column(struct doc *doc, struct node *columns, const struct table_column *column)
{
    struct node *definition = node_new_object(doc);
    node_set_str(doc, definition, "name", column->name);
    node_set_str(doc, definition, "type", column->type);
    node_set_str(doc, definition, "format", str_equal(column->name, "Name") ? "name" : "");
    node_set_str(doc, definition, "description", "");
    node_set_int(doc, definition, "priority", column->priority);
    node_push(columns, definition);
}

static void add_custom_columns(struct doc *doc, struct node *columns, const struct kind *kind)
{
    add_column(doc, columns, &(struct table_column){"Name", "string", 0});
    if (kind->columns == NULL) {
        add_column(doc, columns, &(struct table_column){"Age", "date", 0});
    }
    struct node_iter it = node_iterate(doc_root(kind->columns));
    while (node_next(&it)) {
        struct table_column column = {node_str_or(node_get(it.value, "name"), ""),
                                      node_str_or(node_get(it.value, "type"), ""),
                                      (int)node_int_or(node_get(it.value, "priority"), 0)};
        add_column(doc, columns, &column);
    }
}

/* --- cells of custom resources --- */

static struct node *custom_cell(const struct table_row *row, const char *type, const char *path)
{
    const struct node *value = json_path_find(row->object, path);
    int64_t whole;
    if (value == NULL || node_type(value) == NODE_NULL) {
        return node_new_null(row->doc);
    }
    if (str_equal(type, "date")) {
        return cell_age(row, value);
    }
    if (str_equal(type, "integer")) {
        return node_int(value, &whole) ? node_new_int(row->doc, whole) : node_new_null(row->doc);
    }
    if (str_equal(type, "string") && node_type(value) != NODE_STRING) {
        char *text = node_to_text(value);
        struct node *cell = node_new_str(row->doc, text);
        mem_free(text);
        return cell;
    }
    return node_copy(row->doc, value);
}

static void custom_cells(const struct table_row *row, const struct kind *kind)
{
    node_push_str(row->doc, row->cells, meta_str(row->object, "name"));
    if (kind->columns == NULL) {
        node_push(row->cells, custom_cell(row, "date", ".metadata.creationTimestamp"));
    }
    struct node_iter it = node_iterate(doc_root(kind->columns));
    while (node_next(&it)) {
        node_push(row->cells, custom_cell(row, node_str_or(node_get(it.value, "type"), ""),
                                          node_str_or(node_get(it.value, "jsonPath"), "")));
    }
}

/* --- rows --- */

static struct node *row_object(const struct request *request, struct doc *doc, const struct node *object)
{
    char *include = request->exchange != NULL ? exchange_param(request->exchange, "includeObject") : NULL;
    struct node *shown = NULL;
    if (str_equal(include, "None")) {
        shown = node_new_null(doc);
    } else {
        shown = str_equal(include, "Object") ? api_present(doc, request->kind, object, false)
                                             : api_present_partial(doc, object);
    }
    mem_free(include);
    return shown;
}

static struct node *row_of(const struct request *request, struct doc *doc, const struct node *object)
{
    struct node *row = node_new_object(doc);
    struct table_row cells = {
        .doc = doc, .cells = node_new_array(doc), .object = object, .now_ms = clock_wall_ms(request->api->clock)};
    if (request->kind->is_custom) {
        custom_cells(&cells, request->kind);
    } else {
        table_cells(&cells, request->kind);
    }
    node_set(doc, row, "cells", cells.cells);
    node_set(doc, row, "object", row_object(request, doc, object));
    return row;
}

struct doc *api_table_new(const struct request *request, const struct node *objects, const struct node *list_metadata,
                          bool with_columns)
{
    struct doc *doc = doc_new();
    struct node *table = node_new_object(doc), *columns = node_new_array(doc), *rows = node_new_array(doc);
    doc_set_root(doc, table);
    node_set_str(doc, table, "kind", "Table");
    node_set_str(doc, table, "apiVersion", "meta.k8s.io/v1");
    node_set(doc, table, "metadata", node_copy(doc, list_metadata));
    if (request->kind->is_custom) {
        add_custom_columns(doc, columns, request->kind);
    } else {
        for (const struct table_column *column = table_columns(request->kind); column->name != NULL; column++) {
            add_column(doc, columns, column);
        }
    }
    node_set(doc, table, "columnDefinitions", with_columns ? columns : node_new_null(doc));
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        node_push(rows, row_of(request, doc, it.value));
    }
    node_set(doc, table, "rows", rows);
    return doc;
}
