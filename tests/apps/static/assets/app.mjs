document.title = "alive";
