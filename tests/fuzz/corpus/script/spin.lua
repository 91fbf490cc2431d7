return { name = 'fuzz', run = function(host) while true do pcall(string.find, ('a'):rep(40), ('a*'):rep(20) .. 'b') end end }
