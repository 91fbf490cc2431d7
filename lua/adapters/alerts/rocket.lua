--- Rocket.Chat: an incoming webhook that takes Slack's form.
local adapter = require 'stdlib.adapter'
local chat = require 'stdlib.chat'

return adapter {
  name = 'rocket',
  request = function(ask)
    return chat.problem(ask, 'Rocket hook', 'Rocket')
      or chat.post(ask, chat.attachment(ask, chat.colour(ask, '#0076D7', '#FF0000')))
  end,
  answer = chat.answer,
}
