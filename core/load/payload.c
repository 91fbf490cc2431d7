#include "load/payload.h"

#include <strings.h>

#include "base/str.h"

static const char *const type_names[] = {
    [NODE_ABSENT] = "nothing", [NODE_NULL] = "null",     [NODE_BOOL] = "a boolean", [NODE_INT] = "a number",
    [NODE_REAL] = "a number",  [NODE_STRING] = "a text", [NODE_ARRAY] = "a list",   [NODE_OBJECT] = "an object",
};

static bool refuse(const char *field, const struct node *value, const char *wanted, struct err *err)
{
    return err_set(err, ERR_PARSE, "%s: %s wanted, got %s", field, wanted, type_names[node_type(value)]);
}

/* A text that is NULL for null. Texts end at a NUL for us, so one inside would hide what follows. */
static bool read_text(const char *field, const struct node *value, const char **text, struct err *err)
{
    size_t len = 0;
    *text = node_str_n(value, &len);
    if (*text == NULL) {
        return node_type(value) == NODE_NULL || refuse(field, value, "a text", err);
    }
    return strlen(*text) == len || err_set(err, ERR_PARSE, "%s: a text without NUL wanted", field);
}

static bool read_name(const char *field, size_t len_max, const struct node *value, const char **name, struct err *err)
{
    const char *text;
    if (!read_text(field, value, &text, err)) {
        return false;
    }
    if (text != NULL && strlen(text) > len_max) {
        return err_set(err, ERR_INVALID, "%s: %zu characters, at most %zu wanted", field, strlen(text), len_max);
    }
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return err_set(err, ERR_INVALID, "%s: it has a control character", field);
        }
    }
    *name = text != NULL ? text : *name;
    return true;
}

static bool read_metadata(const struct node *value, struct payload *payload, struct err *err)
{
    const char *ignored;
    if (node_type(value) == NODE_NULL) {
        return true;
    }
    if (node_type(value) != NODE_OBJECT) {
        return refuse("metadata", value, "an object", err);
    }
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        if (!read_text(it.key, it.value, &ignored, err)) {
            return err_wrap(err, "metadata");
        }
    }
    payload->metadata = value;
    return true;
}

static bool read_field(const struct node_iter *it, struct payload *payload, struct err *err)
{
    const char *ignored;
    if (strcasecmp(it->key, "name") == 0) {
        return read_name("name", PAYLOAD_NAME_MAX, it->value, &payload->name, err);
    } else if (strcasecmp(it->key, "namespace") == 0) {
        return read_name("namespace", PAYLOAD_NAMESPACE_MAX, it->value, &payload->namespace, err);
    } else if (strcasecmp(it->key, "metadata") == 0) {
        return read_metadata(it->value, payload, err);
    } else if (strcasecmp(it->key, "phase") == 0 || strcasecmp(it->key, "checksum") == 0) {
        return read_text(it->key, it->value, &ignored, err);
    }
    return true;
}

bool payload_read(const char *text, size_t len, struct payload *payload, struct err *err)
{
    *payload = (struct payload){.name = "", .namespace = ""};
    payload->doc = doc_parse(text, len, err);
    const struct node *root = doc_root(payload->doc);
    if (root == NULL) {
        return err_wrap(err, "the body is no JSON");
    }
    if (node_type(root) != NODE_OBJECT && node_type(root) != NODE_NULL) {
        return refuse("the body", root, "an object", err);
    }
    struct node_iter it = node_iterate(root);
    while (node_type(root) == NODE_OBJECT && node_next(&it)) {
        if (!read_field(&it, payload, err)) {
            return false;
        }
    }
    payload->canary = str_format("%s.%s", payload->name, payload->namespace);
    return true;
}

void payload_fini(struct payload *payload)
{
    doc_free(payload->doc);
    str_free(&payload->canary);
}

const char *payload_metadata(const struct payload *payload, const char *key)
{
    const struct node *value = node_get(payload->metadata, key);
    return node_type(value) == NODE_NULL ? "" : node_str(value);
}

bool payload_flag(const struct payload *payload, const char *key)
{
    const char *value = payload_metadata(payload, key);
    bool is_on;
    return value != NULL && str_read_bool(value, &is_on) && is_on;
}
