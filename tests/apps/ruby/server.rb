require "json"
require "socket"

server = TCPServer.new("0.0.0.0", Integer(ENV.fetch("PORT", "3000")))
trap("TERM") { exit }
loop do
  client = server.accept
  client.gets
  body = JSON.generate(ok: true, ruby: RUBY_VERSION)
  client.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
  client.write("Content-Length: #{body.bytesize}\r\n\r\n#{body}")
  client.close
rescue Errno::EPIPE, Errno::ECONNRESET
  next
end
