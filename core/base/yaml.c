#include "base/yaml.h"

#include <inttypes.h>
#include <string.h>
#include <yaml.h>

#include "base/doc_inner.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/str.h"
#include "base/yaml_scalar.h"

/* An alias is expanded to a copy, because JSON has none. Without a bound a text of a few hundred bytes can ask for more
 * nodes than there is memory. */
enum { ALIAS_NODES_MAX = 100000, ANCHORS_MAX = 4096 };

struct anchor {
    char *name;
    struct node *node;
    bool open; /* its collection is being read: an alias now would contain itself */
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    const char *name;
    struct doc *doc;
    struct anchor *anchors;
    size_t anchor_count;
    size_t alias_nodes;
    struct yaml_places *places; /* NULL: nobody asks where anything stands */
    struct str_list *repeated;  /* NULL: a key that is there twice is an error */
    struct err *err;
};

/* The places of the keys of a mapping, for the message about a duplicate key; and the fields that `<<` brought. */
struct mapping {
    yyjson_mut_val *object;
    yaml_mark_t *marks;
    size_t count;
    struct node *merges; /* array, NULL without one */
};

static struct node *fail(struct reader *r, yaml_mark_t at, const char *problem)
{
    err_set(r->err, ERR_PARSE, "%s:%zu:%zu: %s", r->name, at.line + 1, at.column + 1, problem);
    return NULL;
}

static bool next(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event)) {
        return true;
    }
    const yaml_parser_t *p = &r->parser;
    /* An error of the byte decoder has an offset, not a mark. */
    yaml_mark_t at = p->error == YAML_READER_ERROR ? p->mark : p->problem_mark;
    fail(r, at, p->problem != NULL ? p->problem : "not YAML");
    return false;
}

/* --- anchors and aliases --- */

/* The index of the new anchor + 1; 0 on failure. */
static size_t add_anchor(struct reader *r, const char *name, struct node *n, bool open)
{
    if (r->anchor_count == ANCHORS_MAX) {
        fail(r, r->event.start_mark, "more than 4096 anchors");
        return 0;
    }
    if (r->anchors == NULL) {
        r->anchors = mem_alloc_array(ANCHORS_MAX, sizeof *r->anchors);
    }
    r->anchors[r->anchor_count++] = (struct anchor){str_dup(name), n, open};
    return r->anchor_count;
}

static struct anchor *find_anchor(const struct reader *r, const char *name)
{
    for (size_t i = r->anchor_count; i > 0; i--) {
        if (str_equal(r->anchors[i - 1].name, name)) {
            return &r->anchors[i - 1];
        }
    }
    return NULL;
}

struct extent {
    size_t nodes;
    size_t depth;
};

static struct extent measure(const struct node *n)
{
    struct extent sum = {1, 0};
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        struct extent child = measure(it.value);
        sum.nodes += child.nodes;
        if (child.depth > sum.depth) {
            sum.depth = child.depth;
        }
    }
    enum node_type type = node_type(n);
    sum.depth += type == NODE_ARRAY || type == NODE_OBJECT ? 1 : 0;
    return sum;
}

static struct node *read_alias(struct reader *r, size_t depth)
{
    yaml_mark_t at = r->event.start_mark;
    const struct anchor *anchor = find_anchor(r, (const char *)r->event.data.alias.anchor);
    if (anchor == NULL) {
        return fail(r, at, "the alias has no anchor");
    }
    if (anchor->open) {
        return fail(r, at, "the alias stands inside its own anchor");
    }
    struct extent extent = measure(anchor->node);
    r->alias_nodes += extent.nodes;
    if (r->alias_nodes > ALIAS_NODES_MAX) {
        return fail(r, at, "the aliases expand to more than 100000 values");
    }
    if (depth + extent.depth > DOC_DEPTH_MAX) {
        return fail(r, at, "nested deeper than 256 levels");
    }
    struct node *copy = node_copy(r->doc, anchor->node);
    if (r->places != NULL) {
        yaml_places_copy_inside(r->places, anchor->node, copy);
    }
    return copy;
}

/* --- nodes --- */

static struct node *read_node(struct reader *r, size_t depth);

static struct node *read_scalar(struct reader *r)
{
    yaml_mark_t at = r->event.start_mark;
    const char *anchor = (const char *)r->event.data.scalar.anchor;
    const char *problem = NULL;
    struct node *n =
        yaml_scalar_node(r->doc, (const char *)r->event.data.scalar.tag, r->event.data.scalar.plain_implicit,
                         (const char *)r->event.data.scalar.value, r->event.data.scalar.length, &problem);
    if (n == NULL) {
        return fail(r, at, problem);
    }
    if (anchor != NULL && !add_anchor(r, anchor, n, false)) {
        return NULL;
    }
    return n;
}

static struct node *read_sequence(struct reader *r, size_t depth)
{
    struct node *array = node_new_array(r->doc);
    const char *name = (const char *)r->event.data.sequence_start.anchor;
    size_t anchor = name != NULL ? add_anchor(r, name, array, true) : 0;
    if (name != NULL && !anchor) {
        return NULL;
    }
    for (;;) {
        if (!next(r)) {
            return NULL;
        }
        if (r->event.type == YAML_SEQUENCE_END_EVENT) {
            break;
        }
        struct node *item = read_node(r, depth);
        if (item == NULL) {
            return NULL;
        }
        node_push(array, item);
    }
    if (anchor) {
        r->anchors[anchor - 1].open = false;
    }
    return array;
}

static bool is_merge_key(const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT || strcmp((const char *)event->data.scalar.value, "<<") != 0) {
        return false;
    }
    const char *tag = (const char *)event->data.scalar.tag;
    return tag != NULL ? strcmp(tag, "tag:yaml.org,2002:merge") == 0 : event->data.scalar.plain_implicit;
}

/* The text of a key: JSON knows strings only. */
static yyjson_mut_val *key_text(struct reader *r, struct node *key)
{
    yyjson_mut_val *v = node_in(key);
    char text[32];
    switch (node_type(key)) {
    case NODE_STRING:
        return v;
    case NODE_BOOL:
        return yyjson_mut_str(&r->doc->body, yyjson_mut_get_bool(v) ? "true" : "false");
    case NODE_INT:
        if (yyjson_mut_is_uint(v)) {
            snprintf(text, sizeof text, "%" PRIu64, yyjson_mut_get_uint(v));
        } else {
            snprintf(text, sizeof text, "%" PRIi64, yyjson_mut_get_sint(v));
        }
        return yyjson_mut_strcpy(&r->doc->body, text);
    case NODE_REAL:
        number_write(yyjson_mut_get_real(v), text);
        return yyjson_mut_strcpy(&r->doc->body, text);
    default:
        return NULL;
    }
}

static bool all_mappings(const struct node *n)
{
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        if (node_type(it.value) != NODE_OBJECT) {
            return false;
        }
    }
    return true;
}

static bool read_merge(struct reader *r, struct mapping *m, size_t depth)
{
    yaml_mark_t at = r->event.start_mark;
    if (!next(r)) {
        return false;
    }
    struct node *from = read_node(r, depth);
    if (from == NULL) {
        return false;
    }
    if (m->merges == NULL) {
        m->merges = node_new_array(r->doc);
    }
    if (node_type(from) == NODE_ARRAY ? !all_mappings(from) : node_type(from) != NODE_OBJECT) {
        return fail(r, at, "<< wants a mapping or a list of mappings");
    }
    node_push(m->merges, from);
    return true;
}

static void remember_mark(struct mapping *m, yaml_mark_t at)
{
    if ((m->count & (m->count - 1)) == 0) {
        m->marks = mem_resize(m->marks, (m->count ? m->count * 2 : 1) * sizeof *m->marks);
    }
    m->marks[m->count++] = at;
}

static void place_key(struct reader *r, const struct node *value, yaml_mark_t key)
{
    const struct yaml_place *known = r->places != NULL ? yaml_places_find(r->places, value) : NULL;
    if (known == NULL) {
        return;
    }
    struct yaml_place place = *known;
    place.key_line = key.line + 1;
    place.key_column = key.column + 1;
    yaml_places_put(r->places, value, place);
}

static bool read_member(struct reader *r, struct mapping *m, size_t depth)
{
    yaml_mark_t at = r->event.start_mark;
    struct node *key_node = read_node(r, depth);
    if (key_node == NULL) {
        return false;
    }
    yyjson_mut_val *key = key_text(r, key_node);
    if (key == NULL) {
        return fail(r, at, "a key must be a string, a number or a bool");
    }
    if (!next(r)) {
        return false;
    }
    struct node *value = read_node(r, depth);
    if (value == NULL) {
        return false;
    }
    remember_mark(m, at);
    place_key(r, value, at);
    yyjson_mut_obj_add(m->object, key, node_in(value));
    return true;
}

static bool check_duplicates(struct reader *r, const struct mapping *m)
{
    struct doc_members members = doc_members_sorted(m->object);
    bool distinct = true;
    for (size_t i = 1; i < members.count && (distinct || r->repeated != NULL); i++) {
        const struct doc_member *member = &members.items[i];
        if (doc_compare_text(members.items[i - 1].key, member->key) != 0) {
            continue;
        }
        yaml_mark_t at = m->marks[member->index];
        distinct = err_set(r->err, ERR_PARSE, "%s:%zu:%zu: the key \"%s\" is there twice", r->name, at.line + 1,
                           at.column + 1, member->key->uni.str);
        if (r->repeated != NULL) {
            str_list_push(r->repeated, r->err->text);
        }
    }
    mem_free(members.items);
    if (distinct || r->repeated == NULL) {
        return distinct;
    }
    err_clear(r->err);
    doc_drop_duplicates(m->object);
    return true;
}

static void add_merged(struct reader *r, struct mapping *m, const char *key, const struct node *value)
{
    struct node *copy = node_copy(r->doc, value);
    node_set(r->doc, node_out(m->object), key, copy);
    const struct yaml_place *place = r->places != NULL ? yaml_places_find(r->places, value) : NULL;
    if (place == NULL) {
        return;
    }
    yaml_places_put(r->places, copy, *place);
    yaml_places_copy_inside(r->places, value, copy);
}

static void merge(struct reader *r, struct mapping *m, const struct node *from)
{
    struct node_iter it = node_iterate(from);
    while (node_next(&it)) {
        if (node_type(from) == NODE_ARRAY) {
            merge(r, m, it.value);
        } else if (node_get(node_out(m->object), it.key) == NULL) {
            add_merged(r, m, it.key, it.value);
        }
    }
}

static bool read_members(struct reader *r, struct mapping *m, size_t depth)
{
    for (;;) {
        if (!next(r)) {
            return false;
        }
        if (r->event.type == YAML_MAPPING_END_EVENT) {
            break;
        }
        bool read = is_merge_key(&r->event) ? read_merge(r, m, depth) : read_member(r, m, depth);
        if (!read) {
            return false;
        }
    }
    if (!check_duplicates(r, m)) {
        return false;
    }
    /* At the end, so that the mapping's own keys win wherever they stand; of several sources the first wins. */
    if (m->merges != NULL) {
        merge(r, m, m->merges);
    }
    return true;
}

static struct node *read_mapping(struct reader *r, size_t depth)
{
    struct node *object = node_new_object(r->doc);
    const char *name = (const char *)r->event.data.mapping_start.anchor;
    size_t anchor = name != NULL ? add_anchor(r, name, object, true) : 0;
    if (name != NULL && !anchor) {
        return NULL;
    }
    struct mapping m = {.object = node_in(object)};
    bool read = read_members(r, &m, depth);
    mem_free(m.marks);
    if (anchor) {
        r->anchors[anchor - 1].open = false;
    }
    return read ? object : NULL;
}

static struct node *read_value(struct reader *r, size_t depth)
{
    yaml_mark_t at = r->event.start_mark;
    switch (r->event.type) {
    case YAML_ALIAS_EVENT:
        return read_alias(r, depth);
    case YAML_SCALAR_EVENT:
        return read_scalar(r);
    case YAML_SEQUENCE_START_EVENT:
        return depth < DOC_DEPTH_MAX ? read_sequence(r, depth + 1) : fail(r, at, "nested deeper than 256 levels");
    case YAML_MAPPING_START_EVENT:
        return depth < DOC_DEPTH_MAX ? read_mapping(r, depth + 1) : fail(r, at, "nested deeper than 256 levels");
    default:
        return fail(r, at, "a value is missing");
    }
}

/* The node that starts with the current event; afterwards its last event is the current one. `depth` is how many
 * collections it stands in. */
static struct node *read_node(struct reader *r, size_t depth)
{
    yaml_mark_t at = r->event.start_mark;
    struct node *n = read_value(r, depth);
    if (n != NULL && r->places != NULL) {
        yaml_places_put(r->places, n, (struct yaml_place){.line = at.line + 1, .column = at.column + 1});
    }
    return n;
}

/* --- streams --- */

static void reader_init(struct reader *r, const char *name, const char *text, size_t len, struct err *err)
{
    *r = (struct reader){.name = name != NULL ? name : "yaml", .err = err, .doc = doc_new()};
    yaml_parser_initialize(&r->parser);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)(len ? text : ""), len);
}

static void forget_anchors(struct reader *r)
{
    for (size_t i = 0; i < r->anchor_count; i++) {
        str_free(&r->anchors[i].name);
    }
    r->anchor_count = 0;
}

static struct doc *reader_fini(struct reader *r, bool ok)
{
    forget_anchors(r);
    mem_free(r->anchors);
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
    if (ok) {
        return r->doc;
    }
    doc_free(r->doc);
    return NULL;
}

/* The next document's root; *n is NULL at the end of the stream. */
static bool read_document(struct reader *r, struct node **n, size_t depth)
{
    *n = NULL;
    forget_anchors(r); /* an anchor lives as long as its document */
    while (r->event.type != YAML_DOCUMENT_START_EVENT) {
        if (r->event.type == YAML_STREAM_END_EVENT) {
            return true;
        }
        if (!next(r)) {
            return false;
        }
    }
    if (!next(r)) {
        return false;
    }
    *n = read_node(r, depth);
    return *n != NULL;
}

struct doc *yaml_parse_placed(const char *name, const char *text, size_t len, struct yaml_places *places,
                              struct err *err)
{
    struct reader r;
    reader_init(&r, name, text, len, err);
    r.places = places;
    struct node *root = NULL;
    bool ok = read_document(&r, &root, 0);
    if (ok) {
        doc_set_root(r.doc, root != NULL ? root : node_new_null(r.doc));
    }
    return reader_fini(&r, ok);
}

struct doc *yaml_parse_last(const char *name, const char *text, size_t len, struct str_list *repeated, struct err *err)
{
    struct reader r;
    reader_init(&r, name, text, len, err);
    r.repeated = repeated;
    struct node *root = NULL;
    bool ok = read_document(&r, &root, 0);
    if (ok) {
        doc_set_root(r.doc, root != NULL ? root : node_new_null(r.doc));
    }
    return reader_fini(&r, ok);
}

struct doc *yaml_parse(const char *name, const char *text, size_t len, struct err *err)
{
    return yaml_parse_placed(name, text, len, NULL, err);
}

struct doc *yaml_parse_all_placed(const char *name, const char *text, size_t len, struct yaml_places *places,
                                  struct err *err)
{
    struct reader r;
    reader_init(&r, name, text, len, err);
    r.places = places;
    struct node *all = node_new_array(r.doc);
    doc_set_root(r.doc, all);
    struct node *root = NULL;
    bool ok = true;
    while ((ok = read_document(&r, &root, 1)) && root != NULL) {
        if (node_type(root) != NODE_NULL) {
            node_push(all, root);
        }
    }
    return reader_fini(&r, ok);
}

struct doc *yaml_parse_all(const char *name, const char *text, size_t len, struct err *err)
{
    return yaml_parse_all_placed(name, text, len, NULL, err);
}
