-- luacheck lua spec core
std = 'luajit'
max_line_length = 120
exclude_files = { 'lua/addon/*', 'lua/stdlib/_meta/*', 'spec/_meta/*' } -- read by the language server only

files['spec/**/*_spec.lua'] = { std = 'luajit+busted' }
