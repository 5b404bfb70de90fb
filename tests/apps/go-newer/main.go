// Newer wants a Go that the distribution does not have, and a module that is vendored. It speaks HTTP by hand, since
// the whole of net/http takes a minute to compile the first time.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"runtime"

	"example.org/flag"
)

func main() {
	listener, err := net.Listen("tcp", ":"+os.Getenv("PORT"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		go answer(connection)
	}
}

func answer(connection net.Conn) {
	defer connection.Close()
	bufio.NewReader(connection).ReadString('\n')
	body := fmt.Sprintf(`{"ok":true,"flag":"%s","go":"%s"}`, flag.Name, runtime.Version())
	fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
}
