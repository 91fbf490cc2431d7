/* The text of builtin.types, embedded at build time: a line per type, "Name field:flags:type:number:patch …"; flags p
 * (pointer), o (omitempty), z (omitzero); the number is protobuf's, the last part that of a strategic merge. */
#pragma once

extern const char builtin_types[];
