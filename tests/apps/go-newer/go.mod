module example.org/newer

go 1.26

require example.org/flag v0.1.0
