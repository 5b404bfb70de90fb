<?php
$db = new SQLite3('/tmp/guests.db');
$db->exec('create table if not exists guests (name text)');
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $insert = $db->prepare('insert into guests values (:name)');
    $insert->bindValue(':name', $_POST['name'] ?? 'nobody');
    $insert->execute();
}
header('Content-Type: text/html; charset=utf-8');
printf('<!doctype html><title>Guests</title><p>%d guests, PHP %s, uid %d', $db->querySingle('select count(*) from guests'), PHP_VERSION, posix_getuid());
