#include "sim/objects/version.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* TREES_MAX: what controllers and clients use of some twenty canaries. */
enum { OBJECT_MAX = 8 * 1024 * 1024, TREES_MAX = 512 };

struct version {
    struct trees *trees;
    size_t refs, len;
    struct doc *tree;              /* NULL: it is not kept */
    struct version *newer, *older; /* with a tree, by last use */
    char text[];
};

struct trees {
    struct version *newest, *oldest;
    size_t count, versions;
};

struct trees *trees_new(void)
{
    return mem_new(struct trees);
}

void trees_free(struct trees *trees)
{
    assert(trees->versions == 0);
    mem_free(trees);
}

static void unlink_tree(struct version *version)
{
    struct trees *trees = version->trees;
    *(version->newer != NULL ? &version->newer->older : &trees->newest) = version->older;
    *(version->older != NULL ? &version->older->newer : &trees->oldest) = version->newer;
    version->newer = version->older = NULL;
}

static void link_tree(struct version *version)
{
    struct trees *trees = version->trees;
    version->older = trees->newest;
    *(trees->newest != NULL ? &trees->newest->newer : &trees->oldest) = version;
    trees->newest = version;
}

static void link_last(struct version *version)
{
    struct trees *trees = version->trees;
    version->newer = trees->oldest;
    *(trees->oldest != NULL ? &trees->oldest->older : &trees->newest) = version;
    trees->oldest = version;
}

void version_forget_tree(struct version *version)
{
    if (version->tree == NULL) {
        return;
    }
    unlink_tree(version);
    version->trees->count--;
    doc_free(version->tree);
    version->tree = NULL;
}

/* Takes the tree. */
static void keep_tree(struct version *version, struct doc *tree, bool is_last)
{
    struct trees *trees = version->trees;
    if (trees->count == TREES_MAX) {
        version_forget_tree(trees->oldest);
    }
    version->tree = tree;
    trees->count++;
    if (is_last) {
        link_last(version);
    } else {
        link_tree(version);
    }
}

struct version *version_new(struct trees *trees, struct doc *object, bool is_first)
{
    size_t len;
    const char *text = node_text(doc_root(object), &len);
    assert(len <= OBJECT_MAX && "an object of more than 8 MiB");
    struct version *version = mem_resize(NULL, sizeof(struct version) + len + 1);
    *version = (struct version){.trees = trees, .refs = 1, .len = len};
    memcpy(version->text, text, len + 1);
    trees->versions++;
    keep_tree(version, doc_share(object), is_first);
    return version;
}

struct version *version_ref(struct version *version)
{
    if (version != NULL) {
        version->refs++;
    }
    return version;
}

void version_unref(struct version *version)
{
    if (version != NULL && --version->refs == 0) {
        version_forget_tree(version);
        version->trees->versions--;
        mem_free(version);
    }
}

const char *version_text(const struct version *version, size_t *len)
{
    *len = version->len;
    return version->text;
}

bool version_is(const struct version *version, const struct node *root)
{
    return version->tree != NULL && doc_root(version->tree) == root;
}

struct doc *version_peek(struct version *version)
{
    return version != NULL && version->tree != NULL ? doc_share(version->tree) : version_tree(version);
}

struct doc *version_tree(struct version *version)
{
    struct err err;
    if (version == NULL) {
        return NULL;
    }
    if (version->tree == NULL) {
        struct doc *tree = doc_parse(version->text, version->len, &err);
        assert(tree != NULL);
        keep_tree(version, tree, false);
    } else {
        unlink_tree(version);
        link_tree(version);
    }
    return doc_share(version->tree);
}
